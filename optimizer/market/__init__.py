"""Price series, network and hashprice, forward curves and the scenario tree."""
