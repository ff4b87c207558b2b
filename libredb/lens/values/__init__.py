"""What documents hold, and what is asked and done of it: values, conditions, filters, patches."""
