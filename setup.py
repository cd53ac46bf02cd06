"""Metadata, dependencies and extras; tool configuration is in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (HERE / "exchangeclient/__init__.py").read_text(encoding="utf-8")).group(1)

TEST = [
    "pytest>=8.4",
    "pytest-xdist>=3.6",
    "requests-mock>=1.12",
    "hypothesis>=6.100",
    "setuptools>=77",
]

setup(
    name="exchangeclient",
    version=VERSION,
    description="Blocking Python client for crypto exchanges, with an exchange of its own to try everything on",
    long_description=(HERE / "README.rst").read_text(encoding="utf-8"),
    long_description_content_type="text/x-rst",
    author="the exchangeclient authors",
    license="MIT",
    license_files=["LICENSE"],
    packages=find_packages(include=["exchangeclient", "exchangeclient.*"]),
    package_data={"exchangeclient": ["py.typed"]},
    python_requires=">=3.11",
    install_requires=[
        "requests>=2.32",
        "urllib3>=2.6",
        "certifi>=2024.7",
        "twisted[tls]>=26.4",
        "autobahn>=25.12",
        "websocket-client>=1.8",
        "cryptography>=42",
        "msgspec>=0.19",
        "click>=8.1",
        "rich>=13.7",
    ],
    extras_require={
        "test": TEST,
        "keyring": ["keyring>=25"],
        "parquet": ["pyarrow>=16"],
        "plot": ["matplotlib>=3.8"],
        "dask": ["dask>=2024.5", "distributed>=2024.5", "pyarrow>=16"],
        "ccxt": ["ccxt>=4.5.90,<5"],
        "docs": ["sphinx>=8", "furo>=2024.8"],
        "lint": ["ruff>=0.9", "mypy>=1.14", "import-linter>=2.1", "types-requests>=2.32"],
    },
    entry_points={
        "console_scripts": ["exchangeclient=exchangeclient.cli:main"],
        # Under the name by which pytest -p asks for it: a suite that does both gets one plugin.
        "pytest11": ["exchangeclient.sandbox.pytest_plugin=exchangeclient.sandbox.pytest_plugin"],
    },
    zip_safe=False,
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Intended Audience :: Financial and Insurance Industry",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Office/Business :: Financial :: Investment",
        "Typing :: Typed",
    ],
)
