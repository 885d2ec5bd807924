"""Reports over the jobs themselves: collect and count (`collect`, `tally`), then show (`sheet`: CSV, `page`: HTML)."""
