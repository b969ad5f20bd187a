"""What every benchmark here needs: one child measured, and words for how busy the machine was."""
