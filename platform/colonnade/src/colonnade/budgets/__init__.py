"""What the views of BFFs cost, as their processes have counted, beside what they may."""
