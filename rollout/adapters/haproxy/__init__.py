"""HAProxy behind one admin socket, through haproxyadmin; nothing of that library leaves here."""

from rollout.adapters.haproxy.balancer import HAProxyBalancer

__all__ = ["HAProxyBalancer"]
