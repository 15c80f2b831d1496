"""The configuration of one run: a model, its training and its scoring."""

from __future__ import annotations

from pydantic import ValidationInfo, field_validator

from uadray.models.zoo import ModelConfig, hyperparameters
from uadray.scoring.settings import ScoringConfig
from uadray.section import Section
from uadray.training.settings import TrainConfig


class RunConfig(Section):
    """Everything that decides a run's numbers, but for the data."""

    model: ModelConfig
    """A model of any kind, or the name of a row of the zoo."""

    train: TrainConfig = TrainConfig()
    """How it is trained."""

    scoring: ScoringConfig = ScoringConfig()
    """How its reconstructions become segmentations."""

    @field_validator("scoring")
    @classmethod
    def _draws_from_a_model_that_varies(cls, scoring: ScoringConfig, info: ValidationInfo) -> ScoringConfig:
        """Several reconstructions that are all the same have no distribution."""
        model: ModelConfig | None = info.data.get("model")  # none where it has errors of its own
        if model is not None and scoring.residual.draws > 1 and not model.varies:
            must = f"must compare one reconstruction where a model's do not vary, as those of this {model.kind}"
            raise ValueError(f"{must}; {scoring.residual.kind} compares {scoring.residual.draws}")
        return scoring

    def hyperparameters(self) -> dict[str, float | str]:
        """One flat row with the same columns for every run, to compare runs by."""
        return {
            **hyperparameters(self.model),
            "batch_size": self.train.batch_size,
            "epochs": self.train.epochs,
            "train_seed": self.train.seed,
            "adam_beta1": self.train.adam_beta1,
            "residual": self.scoring.residual.kind,
            "draws": self.scoring.residual.draws,
            "standardise": self.scoring.standardise.kind,
            **self.scoring.post_processing(),
            "threshold": self.scoring.threshold.kind,
            "threshold_percentile": self.scoring.threshold.percentile,
        }

    def describe(self) -> str:
        """The run in a few words that sort well: `sVAE 16x16x64 l2=1e-03`."""
        row = self.hyperparameters()
        weights = "".join(f" l{n}={row[f'lambda_{n}']:.0e}" for n in (2, 3) if row[f"lambda_{n}"])
        return f"{row['model']} {row['latent']}{weights}".strip()
