#!/bin/sh
# Installs AutoDock Vina and Open Babel, and builds the receptor of the example. Debian and Ubuntu, as root or with sudo.
# Elsewhere: conda install -c conda-forge vina openbabel, or each program's own release; both commands on the PATH is all.
set -eu
cd "$(dirname "$0")"
if ! command -v vina >/dev/null || ! command -v obabel >/dev/null; then
    command -v apt-get >/dev/null || { echo "no apt-get here: install vina and obabel as the comment above says" >&2; exit 1; }
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root apt-get update
    $as_root apt-get install -y --no-install-recommends autodock-vina openbabel
fi
vina --version
obabel -V
"${PYTHON:-python}" host.py -o cb7.pdbqt
echo "receptor: $PWD/cb7.pdbqt"
