"""What the gradebook and `autograded` hold already: kept until new results are complete."""
