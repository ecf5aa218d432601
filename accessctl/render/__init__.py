"""Plan, results and explanations as text and JSON; pure."""
