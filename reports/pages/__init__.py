"""Pages beside the notice: publication, validation, portfolio."""
