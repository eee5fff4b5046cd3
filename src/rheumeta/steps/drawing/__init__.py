"""From records to the plain records that plots draw."""
