"""The company's books: machines, halls, property and bitcoin by period, and the three statements made of them."""
