<?php

declare(strict_types=1);

namespace Fenrun;

/** Codes 101 to 199: amounts, rates, currencies, allocation. */
class MoneyError extends Error
{
}

/** Codes 201 to 299: documents and plans. */
class PlanError extends Error
{
}

/** Codes 301 to 399: sales, commission, reversal. */
class SaleError extends Error
{
}

/** Codes 401 to 499: members, forest, batch. */
class ForestError extends Error
{
}

/** Codes 501 to 599: carts, quotes, orders. */
class OrderError extends Error
{
}

/** Codes 801 to 899: the library and the calls into it. */
class LibraryError extends Error
{
}
