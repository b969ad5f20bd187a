"""Monit on the hosts, through its command line: scripts out, printed status in."""
