"""From effect sizes to pooled results and to what cannot be pooled."""
