"""The report on the drift of a period: every payment an order, every order on its way, and does the money agree."""
