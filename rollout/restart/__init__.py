"""The restart of app servers, one target after another; read `rolling` first."""
