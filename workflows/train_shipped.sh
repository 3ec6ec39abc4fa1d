#!/usr/bin/env bash
# Train the models that are shipped, as they were trained: on two CPU cores, a core each, in some four hours.
# A run that was stopped goes on where it was: add --resume.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1

sciencegen data fetch moses
sciencegen train molecules/smiles-gru --data moses -o runs/first --holdout 0.005 --threads 1 \
    --set precision=bf16 --set steps=21000 --set validate=2000
# once more at a small rate, with hardly any clipping
sciencegen train molecules/smiles-gru --from runs/first --data moses -o runs/second --holdout 0.005 --threads 1 --seed 1 \
    --set precision=bf16 --set batch=256 --set rate=5e-4 --set steps=3000 --set warmup=50 --set clip=200 \
    --set ema=0.998 --set patience=0 --set validate=1000
# and again for 5.8 epochs; it was first given 30,000 steps, and 36,000 when it was taken up at step 20,983
sciencegen train molecules/smiles-gru --from runs/second --data moses -o runs/molecules --holdout 0.005 --threads 1 --seed 2 \
    --set precision=bf16 --set batch=256 --set rate=1e-3 --set steps=36000 --set warmup=300 --set clip=20 \
    --set ema=0.999 --set patience=0 --set validate=1000
python workflows/ship.py runs/molecules molecules

# nothing but molecules
sciencegen train molecules/kekule-gru --data moses -o runs/molecules-guaranteed --holdout 0.005 --threads 1 \
    --set precision=bf16 --set width=256 --set steps=14000 --set validate=2000
python workflows/ship.py runs/molecules-guaranteed molecules-guaranteed

# not shipped: the model of the ZINC250k figures
sciencegen data fetch zinc250k
sciencegen train molecules/smiles-gru --data zinc250k -o runs/zinc-first --ask logp --ask qed --ask mw --holdout 0.04 \
    --threads 1 --set precision=bf16 --set hide=0.4 --set steps=8000
# first given 9,000 steps, and 5,000 when it was taken up at step 610
sciencegen train molecules/smiles-gru --from runs/zinc-first --data zinc250k -o runs/zinc250k --ask logp --ask qed --ask mw \
    --holdout 0.04 --threads 1 --set precision=bf16 --set hide=0.4 --set batch=256 --set rate=1e-3 --set beta2=0.99 \
    --set clip=20 --set warmup=200 --set ema=0.999 --set patience=0 --set steps=5000 --set validate=1000
for asked in logp qed mw; do
    sciencegen evaluate runs/zinc250k --data zinc250k --asked "$asked"
    sciencegen evaluate runs/zinc250k --data zinc250k --asked "$asked" --best-of 8
done

# latents of molecules, in four runs: ZINC250k without the junction tree VAE's test and validation molecules, which its authors publish
# (https://github.com/wengong-jin/icml18-jtnn, data/zinc); the first run was stopped at step 6,884, the second at 16,134
python workflows/benchmarks/latent_board.py --split zinc250k --test zinc/test.txt --also zinc/valid.txt -o runs/zinc_train.smi
sciencegen train molecules/grammar-vae --data runs/zinc_train.smi -o runs/grammar-vae-first --holdout 0.005 --threads 1 \
    --set precision=bf16 --set batch=128 --set rate=1e-3 --set steps=34000 --set warmup=300 --set beta=0.03 \
    --set ramp=4000 --set hide=0.65 --set validate=2000 --set patience=0
sciencegen train molecules/grammar-vae --from runs/grammar-vae-first --data runs/zinc_train.smi -o runs/grammar-vae-second \
    --holdout 0.005 --threads 1 --seed 1 --set precision=bf16 --set batch=128 --set rate=1e-3 --set steps=19000 \
    --set warmup=200 --set beta=0.008 --set ramp=1 --set hide=0.65 --set validate=2000 --set patience=0
python workflows/ship.py runs/grammar-vae-second grammar-vae --bits 16
# from the weights in half precision, with a prior that learns along: first given 16,000 steps, 9,500 when it was taken up at
# step 1,374, and stopped at 8,094; then with encoder and decoder told nothing, so that
# latents say everything: first given 2,300 steps, and 1,700 when it was taken up at step 385
sciencegen train molecules/grammar-vae --from grammar-vae --data runs/zinc_train.smi -o runs/grammar-vae-third --holdout 0.005 \
    --threads 1 --seed 2 --set precision=bf16 --set batch=128 --set rate=1e-3 --set steps=9500 --set warmup=200 --set ramp=1 \
    --set hide=0.65 --set validate=1000 --set patience=0 --set beta=0.004 --set decay=0.05 --set prior=flow
sciencegen train molecules/grammar-vae --from runs/grammar-vae-third --data runs/zinc_train.smi -o runs/grammar-vae-fourth \
    --holdout 0.005 --threads 1 --seed 4 --set blind=true --set precision=bf16 --set batch=128 --set rate=4e-4 --set steps=1700 \
    --set warmup=50 --set ramp=1 --set hide=0.5 --set validate=500 --set patience=0 --set beta=0.004 --set decay=0.05

# microstructures: spinodal mixtures by physics, in two runs
sciencegen data make cahn-hilliard -n 8192 --size 64 --seed 0 -o ch64.npz
sciencegen train microstructures/gan --data ch64.npz -o runs/microstructures-first --threads 1 --seed 0 --set precision=bf16 \
    --set steps=3261
sciencegen train microstructures/gan --from runs/microstructures-first --data ch64.npz -o runs/microstructures --threads 1 \
    --ask volume_fraction --ask surface --ask correlation_length --ask conductivity --ask time --seed 2 \
    --set precision=bf16 --set steps=900 --set rate=4e-4 --set ramp=300
python workflows/ship.py runs/microstructures microstructures

# densities by their energy alone: a double well at every temperature, and a scalar field on a lattice
sciencegen train densities/double-well -o runs/double-well --threads 1 --seed 0
python workflows/ship.py runs/double-well double-well
sciencegen train densities/phi4 -o runs/phi4 --threads 1 --seed 0
python workflows/ship.py runs/phi4 phi4

# molecules that grow from a scaffold, and latents of molecules that know properties, on the same molecules as the Grammar VAE; the
# first stage of the second was first given 17,000 steps, and 15,000 when it was taken up at step 9,225
asked=(--ask logp --ask qed --ask tpsa --ask mw --ask sa --ask rings --ask aromatic_rings --ask donors --ask acceptors --ask rotatable
    --ask charge)
sciencegen train molecules/scaffolds --data runs/zinc_train.smi -o runs/scaffolds --holdout 0.005 "${asked[@]}" --threads 1 --seed 0 \
    --set precision=bf16 --set batch=256 --set rate=2e-3 --set steps=5000 --set warmup=300 --set validate=500 --set patience=0 \
    --set clip=5
python workflows/ship.py runs/scaffolds scaffolds --bits 16 --set keep=0.5
sciencegen train molecules/chemical-vae --data runs/zinc_train.smi -o runs/chemical-vae-first --holdout 0.005 "${asked[@]}" \
    --threads 1 --seed 0 --set precision=bf16 --set batch=128 --set rate=1.5e-3 --set steps=15000 --set warmup=300 \
    --set beta=0.006 --set ramp=2000 --set validate=1000 --set patience=0 --set decay=0.03
sciencegen train molecules/chemical-vae --from runs/chemical-vae-first --data runs/zinc_train.smi -o runs/chemical-vae-second \
    --holdout 0.005 "${asked[@]}" --threads 1 --seed 1 --set precision=bf16 --set batch=128 --set rate=5e-4 --set steps=12000 \
    --set warmup=200 --set beta=0.003 --set ramp=1 --set validate=1000 --set patience=0 --set decay=0.03
sciencegen train molecules/chemical-vae --from runs/chemical-vae-second --data runs/zinc_train.smi -o runs/chemical-vae \
    --holdout 0.005 "${asked[@]}" --threads 1 --seed 2 --set precision=bf16 --set batch=128 --set rate=3e-4 --set steps=2000 \
    --set warmup=100 --set beta=0.001 --set ramp=1 --set validate=500 --set patience=0 --set decay=0.03
python workflows/ship.py runs/chemical-vae chemical-vae --bits 8
