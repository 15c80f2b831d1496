"""What every model promises, tried on every row of the zoo."""

import pytest
import torch
from small_zoo import small

from uadray.models.base import moving_only
from uadray.models.zoo import ZOO
from uadray.scoring.residual import AbsoluteResidual

SIZE = 32


@pytest.fixture(params=ZOO)
def model(request):
    torch.manual_seed(0)
    return small(request.param).build(SIZE)


@pytest.fixture
def slices():
    return torch.rand(4, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(1))


def snapshot(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(before, after):
    return before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


def test_reconstructions_and_anomaly_maps_keep_the_shape_of_the_slices(model, slices):
    assert model.reconstruct(slices).shape == slices.shape
    assert model.anomaly_map(slices, AbsoluteResidual()).shape == slices.shape


def test_every_parameter_is_in_exactly_one_update(model):
    in_updates = [id(p) for update in model.updates().values() for p in update.module.parameters()]
    assert sorted(in_updates) == sorted(id(p) for p in model.parameters())


def test_an_update_moves_its_own_module_and_nothing_else(model, slices):
    model.train()
    for name, update in model.updates().items():
        own = {id(value) for value in (*update.module.parameters(), *update.module.buffers())}
        before = {
            key: (id(value), value.detach().clone())
            for key, value in [*model.named_parameters(), *model.named_buffers()]
        }
        optimiser = torch.optim.SGD(update.module.parameters(), lr=1.0)
        with moving_only(model, update.module):
            torch.stack([*model(slices, name).values()]).sum().backward()
            optimiser.step()
        after = dict([*model.named_parameters(), *model.named_buffers()])
        moved = {identity for key, (identity, value) in before.items() if not torch.equal(value, after[key])}
        assert moved
        assert moved <= own
        assert all(p.grad is None for p in model.parameters() if id(p) not in own)
        model.zero_grad()


def test_reconstruct_leaves_the_model_as_it_was(model, slices):
    model.eval()
    before = snapshot(model)
    with torch.no_grad():
        model.reconstruct(slices)
    assert same(before, snapshot(model))
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


def test_a_slice_does_not_depend_on_its_batch_mates(model, slices):
    model.eval()
    with torch.no_grad():
        together = model.anomaly_map(slices, AbsoluteResidual())
        alone = torch.cat([model.anomaly_map(image[None], AbsoluteResidual()) for image in slices])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ZOO)
def test_the_same_seed_gives_the_same_model_and_the_same_losses(name, slices):
    def losses():
        torch.manual_seed(3)
        model = small(name).build(SIZE)
        return [float(value.detach()) for update in model.updates() for value in model(slices, update).values()]

    assert losses() == losses()


def test_a_model_is_restored_by_its_state(model, slices, request):
    name = request.node.callspec.params["model"]
    torch.manual_seed(9)
    other = small(name).build(SIZE)
    other.load_state_dict(model.state_dict())
    model.eval(), other.eval()
    with torch.no_grad():
        assert torch.equal(model.reconstruct(slices), other.reconstruct(slices))


def test_variants_differ_where_the_configuration_says_so_and_are_the_same_at_every_call(model, slices, request):
    model.eval()
    before = snapshot(model)
    with torch.no_grad():
        first, again, other = (model.variant(slices, number) for number in (0, 0, 1))
        alone = model.variant(slices[:1], 1)
    assert first.shape == slices.shape
    assert torch.equal(first, again)
    assert torch.equal(first, other) is not small(request.node.callspec.params["model"]).varies
    torch.testing.assert_close(other[:1], alone, rtol=0, atol=1e-6)
    assert same(before, snapshot(model))


def test_drafts_keep_the_shape_and_samples_are_slices_or_none(model, slices):
    model.eval()
    with torch.no_grad():
        assert model.draft(slices).shape == slices.shape
        samples, again = model.samples(3), model.samples(3)
    assert samples.shape == (3, 1, SIZE, SIZE) or len(samples) == 0
    assert torch.equal(samples, again)


def test_a_reconstruction_is_judged_once_every_network_has_begun_to_learn(model, request):
    phases = [update.phase[0] for update in model.updates().values()]
    assert small(request.node.callspec.params["model"]).judged_from == max(phases, default=0.0)
