"""Which classes of problems the scenario `messy` has."""

from ordersync_dagster.core.problem_classes import ProblemClass

BY_FAULTS = {"stripe_not_read", "printful_not_asked", "database_refused", "kept_changing", "not_looked_at"}
BY_A_SAVED_PLAN = {"not_as_planned"}
BY_A_SETTING = {"not_delivered"}
IN_A_WORLD = {str(each) for each in ProblemClass} - BY_FAULTS - BY_A_SAVED_PLAN - BY_A_SETTING
