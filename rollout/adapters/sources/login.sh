# Reads the login of a repository from stdin into the environment.
IFS= read -r REPOSITORY_SERVER; IFS= read -r REPOSITORY_USERNAME; IFS= read -r REPOSITORY_PASSWORD
export REPOSITORY_SERVER REPOSITORY_USERNAME REPOSITORY_PASSWORD
