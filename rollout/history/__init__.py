"""Past runs, folded from the lines of their journals: what each did, and what later ones made of it."""
