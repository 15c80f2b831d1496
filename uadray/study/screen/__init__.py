"""What a person sees before and while a study runs."""
