"""The only room that knows HTTP: tokens, calls, answers, paging, batches and Meta's errors."""
