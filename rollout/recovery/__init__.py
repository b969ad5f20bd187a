"""After a run that died or stopped: `recover` brings servers back, `resume` goes on."""
