"""The roof: estimators that assemble the floors."""
