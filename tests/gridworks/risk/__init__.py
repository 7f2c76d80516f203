"""The face of portfolio risk: labels, dates, errors that name the position."""
