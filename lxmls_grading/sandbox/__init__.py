"""The Linux sandbox that student kernels run in. It knows nothing of Jupyter."""
