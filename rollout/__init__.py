"""Restart app servers behind HAProxy, one after another, without one failed request."""

__version__ = "0.1.0"
