"""The edge to the releases on the hosts' disks: small scripts over ssh, Capistrano's layout."""
