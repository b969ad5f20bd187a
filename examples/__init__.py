"""A fleet that anybody can run: real HAProxy, monit and sshd, small app servers, and a visitor."""
