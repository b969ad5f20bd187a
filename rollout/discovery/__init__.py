"""What an unknown fleet looks like, and the settings that fit it: ``rollout init``.

It changes nothing anywhere.  What is not known is said, never guessed.
"""
