"""Running a plan across hosts on Open MPI: a rank per device, tensors from rank to rank."""
