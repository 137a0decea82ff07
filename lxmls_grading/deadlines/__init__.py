"""When submissions were handed in and when they are due: reads times, sets penalties."""
