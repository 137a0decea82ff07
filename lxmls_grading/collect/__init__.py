"""Takes in what learning management systems give: archives and folders of submissions."""
