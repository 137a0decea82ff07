def nearly(a, b, tolerance=1e-9):
    return abs(a - b) <= tolerance
