"""Past runs, folded from their journals: what each did, and what later ones made of it."""
