"""Figures: plain records in, matplotlib figures out."""
