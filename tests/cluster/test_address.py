import pytest

from uadray.cluster.address import checked
from uadray.errors import ConfigError


@pytest.mark.parametrize("address", [None, "auto", "head:6379", "10.0.0.2:6379", "[::1]:6379"])
def test_auto_and_a_host_with_its_port_are_addresses(address):
    assert checked(address) == address


@pytest.mark.parametrize(
    "address", ["", "head", "head:", "head:0", "head:65536", "http://head:80", "a b:1", "10.0.0.2:"]
)
def test_anything_else_is_refused(address):
    with pytest.raises(ConfigError, match="UAD-440"):
        checked(address)


def test_the_ray_client_is_refused_with_the_way_that_works():
    with pytest.raises(ConfigError, match=r"UAD-441 .*ray job submit"):
        checked("ray://head:10001")
