#!/bin/sh
# Installs what training needs, and trains the model of the example. TABLE: molecules and log10 solubilities in mol/l;
# without one, the sample that comes with sciencegen, whose numbers are a formula's.
#   ./setup.sh [TABLE]
set -eu
table=$(realpath "${1:-$(dirname "$0")/../../datasets/solubility.csv}")
cd "$(dirname "$0")"
"${PYTHON:-python}" -c "import sklearn" 2>/dev/null || "${PYTHON:-python}" -m pip install "scikit-learn>=1.5"
"${PYTHON:-python}" train.py --from "$table" -o model.json --quick
