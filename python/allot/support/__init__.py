"""What the programs and their libraries share: texts, files that appear whole, statistics, the planner's program."""
