#!/bin/sh
# Microstructures with an effective conductivity and a fraction of one's own: asked for, generated, measured, kept,
# checked by finite elements, and exported.
#
#   sh workflows/design_microstructure/design.sh [OUT] [FRACTION] [CONDUCTIVITY] [N] [MODEL]
#
# Conductivities are those of a phase 1 of conductivity 1 in a phase 0 of 0.05.
set -e
out=${1:-runs/design} fraction=${2:-0.6} conductivity=${3:-0.4} n=${4:-8} model=${5:-microstructures}
here=$(dirname "$0")
mkdir -p "$out"
sciencegen generate "$model" -n "$n" --where volume_fraction="$fraction" --where conductivity="$conductivity" \
    --tolerance conductivity=0.01 --best-of 4 --properties volume_fraction,conductivity,surface,largest_cluster \
    -o "$out/designs"
sciencegen convert "$out/designs" "$out/designs.vtk" --domain microstructures
python "$here/elements.py" "$out/designs/images.npz" -o "$out/elements.csv"
