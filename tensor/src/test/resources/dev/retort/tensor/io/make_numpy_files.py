"""Writes the small NumPy files that NpyTest and NpzTest read. Run with NumPy 1.24: python3 make_numpy_files.py"""
import io
import os

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(here, name)


# Value k of each array is (k * 37 % 100) - 50, but k % 2 for truth values and k * 37 % 256 for unsigned bytes.
def values(dtype, shape):
    k = np.arange(int(np.prod(shape)))
    if dtype == np.bool_:
        v = k % 2
    elif dtype == np.uint8:
        v = k * 37 % 256
    else:
        v = k * 37 % 100 - 50
    return v.astype(dtype).reshape(shape)


for name in ["f4", "f8", "f2", "i8", "i4", "i1", "u1", "b1"]:
    np.save(path(f"{name}.npy"), values(np.dtype(name), (2, 3, 5)))
np.save(path("scalar.npy"), values(np.float32, ()))
np.save(path("empty.npy"), values(np.float64, (3, 0, 2)))
np.save(path("vector.npy"), values(np.int64, (7,)))
np.save(path("fortran.npy"), np.asfortranarray(values(np.float32, (3, 4, 2))))
np.save(path("big_endian.npy"), values(np.dtype(">f8"), (4, 3)))
np.save(path("big_endian_fortran.npy"), np.asfortranarray(values(np.dtype(">i4"), (4, 3))))
np.save(path("strings.npy"), np.array(["a", "bc"]))
np.save(path("structured.npy"), np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
np.save(path("complex.npy"), np.zeros(2, dtype=np.complex64))
np.save(path("objects.npy"), np.array([None, {}], dtype=object), allow_pickle=True)
for version in (2, 3):
    with open(path(f"version{version}.npy"), "wb") as f:
        np.lib.format.write_array(f, values(np.float32, (2, 2)), version=(version, 0))
arrays = {"weight": values(np.float32, (4, 3)), "steps": values(np.int64, (3,)), "on": values(np.bool_, ())}
np.savez(path("stored.npz"), **arrays)
np.savez_compressed(path("deflated.npz"), **arrays)
