"""Who is in the course: rosters as spreadsheets write them, and names that stand for a student."""
