"""A small quick fleet to be hurt, as the tests of trouble have it."""

from tests.integration.trouble.conftest import trouble_in

__all__ = ["trouble_in"]
