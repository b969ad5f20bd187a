"""The same small quick fleets as for other troubles."""

from tests.integration.trouble.conftest import shop, trouble_in

__all__ = ["shop", "trouble_in"]
