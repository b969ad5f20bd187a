"""Reading and writing of text: durations, sizes, host ranges, widths, passwords taken out."""
