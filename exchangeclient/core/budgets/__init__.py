"""What a venue allows: budgets, who may spend them, and what is shared by threads and processes."""
