"""The report of a past run: one file of HTML, which loads nothing and runs nothing."""
