"""The lock of an app, on the hosts of its load balancers, where all bastions meet."""
