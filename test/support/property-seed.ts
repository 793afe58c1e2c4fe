import fc from "fast-check";

/* Where all properties begin to draw: see `scripts/global-setup.mjs`, or `PROPERTY_SEED` of the environment. */
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED) });
