"""From reported rows to effect sizes: the evidence as objects, selection, derivation."""
