"""Case files: what a GCE request becomes on CloudStack's side, and what its answer becomes.

They stand in a folder ``cases`` beside mapping files, one for each method that has some. Cases
whose commands have answers are played from these, the others in front of the simulator.
"""
