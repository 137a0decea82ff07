"""What runs beside the answer, and what of its reply is believed."""
